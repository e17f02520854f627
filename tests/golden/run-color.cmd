$VKEPT run --color always tests/data/cli/failing.yaml
