$VKEPT walk tests/data/cli/bare.yaml
