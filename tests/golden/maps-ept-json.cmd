$VKEPT maps -f json --table ept tests/data/cli/bare.yaml
