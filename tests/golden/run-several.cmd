$VKEPT run tests/data/cli
