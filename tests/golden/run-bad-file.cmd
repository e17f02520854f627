$VKEPT run tests/data/cli_bad.yaml
