# The targets that need a container engine; the Makefile includes this file.
COMPOSE := docker compose -f stack/docker-compose.yml --profile '*'

engine: ## install and start a container engine (Debian 12, as root)
	@tests/stack/install_engine.sh

images: ## build the images and print their sizes; PLATFORMS=linux/amd64,linux/arm64 for both
	@sh images/bake.sh && sh images/sizes.sh

secrets: ## make the keys, tokens and passwords that are missing in stack/secrets
	@sh stack/make_secrets.sh

mqtt-user: ## a name and a random password for a device at the broker: NAME=pi-7
	@sh stack/mqtt_user.sh "$(NAME)"

up: ## the stack in containers, with two sample cameras; prints the page's address
	@sh images/bake.sh && sh stack/make_secrets.sh && sh stack/up.sh

down: ## stop the stack in containers; its data stays
	@$(COMPOSE) down --remove-orphans --timeout 10

deploy: ## the stack on a swarm, from one of its managers
	@sh stack/deploy.sh

load: ## copy the images to the nodes of a swarm: NODES="user@host ..."
	@sh stack/load.sh $(NODES)

push: ## push the images to a registry: REGISTRY=host:port
	@sh stack/push.sh $(REGISTRY)

test-stack: $(VENV)/.installed ## the stack in containers, by compose and on a swarm of three nodes that are lost under load
	$(BIN)/python -m pytest tests/stack --deselect tests/stack/test_files.py -v -s --durations 20

test-arm64: $(VENV)/.installed ## build every image for arm64 too; the camera's encodes a face under emulation
	$(BIN)/python -m pytest tests/stack/arm64.py -v

lock-images: $(VENV)/.installed ## derive each image's lock from requirements.lock
	@for role in orchestrator:processor_orchestrator camera_processor:camera_processor cloudlet:cloudlet \
	  face_worker:job_workers edge_devices:edge_devices fleet_agent:fleet_agent offload_worker:offload_worker \
	  mqtt_gateway:mqtt_gateway pi_receiver:pi_receiver; do \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
	    --no-header --constraint requirements.lock --extra $${role#*:} --no-emit-package searchlight-swarm \
	    --output-file images/locks/$${role%%:*}.txt pyproject.toml; done
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
	  --no-header --constraint requirements.lock --extra camera_processor --extra convert --no-emit-package searchlight-swarm \
	  --output-file images/locks/build_tools.txt pyproject.toml

.PHONY: engine images secrets mqtt-user up down deploy load push test-stack test-arm64 lock-images
