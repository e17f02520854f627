$VKEPT run --seed 5 tests/data/cli/failing.yaml
