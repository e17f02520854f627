$VKEPT check -f json tests/data/cli tests/data/cli_bad.yaml
