$VKEPT check tests/data/cli tests/data/cli_bad.yaml
