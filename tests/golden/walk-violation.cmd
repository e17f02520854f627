$VKEPT walk --step 2 tests/data/cli/bare.yaml
