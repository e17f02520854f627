$VKEPT run tests/data/cli/failing.yaml
