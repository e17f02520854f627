$VKEPT maps -f json scenarios/ept/e07-write-without-read.yaml
