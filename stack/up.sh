#!/bin/sh
# Starts the stack, waits until every service is healthy, and prints the page's address with the operator's token:
# behind the #, so that it reaches no server's log.
set -eu
cd "$(dirname "$0")/.."
. stack/read_env.sh
began=$(date +%s)
if ! docker compose -f stack/docker-compose.yml up --detach --no-build --wait --wait-timeout 120; then
  docker compose -f stack/docker-compose.yml ps --all >&2
  docker compose -f stack/docker-compose.yml logs --tail 20 >&2
  exit 1
fi
case ",$COMPOSE_PROFILES," in
  *,demo,*)
    docker compose -f stack/docker-compose.yml exec -T camera-1 /usr/bin/python3 /app/open_case.py \
      http://orchestrator:8000 <"$SECRETS_DIR/operator.jwt" ;;
esac
echo "every service is healthy after $(($(date +%s) - began)) s; open"
echo "  http://$(docker compose -f stack/docker-compose.yml port orchestrator 8000)/#token=$(cat "$SECRETS_DIR/operator.jwt")"
