$VKEPT run -f json -v tests/data/cli/failing.yaml
