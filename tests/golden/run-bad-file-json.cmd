$VKEPT run -f json tests/data/cli_bad.yaml
