$VKEPT maps -f json --table ept scenarios/ept/e07-write-without-read.yaml
