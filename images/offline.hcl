# A second file for places where no hub can be reached: debian:bookworm-slim comes from root file systems that
# images/make_base.sh made from Debian's packages. The Dockerfile stays the same.
target "debian" {
  context           = "build/base"
  dockerfile-inline = "FROM scratch\nARG TARGETARCH\nADD $${TARGETARCH}.tar /\nCMD [\"bash\"]\n"
  platforms         = compact(split(",", PLATFORMS))
  # Exported although nobody asked, by bake itself: under a name, so that it leaves no nameless images behind.
  tags              = ["${PREFIX}debian:bookworm-slim"]
  attest            = ["type=provenance,disabled=true"]
}

target "_any" { contexts = { "debian:bookworm-slim" = "target:debian" } }
