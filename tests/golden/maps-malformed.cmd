$VKEPT maps scenarios/ept/e07-write-without-read.yaml
