$VKEPT run -v tests/data/cli/bare.yaml
