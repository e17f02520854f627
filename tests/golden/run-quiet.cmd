$VKEPT run -q tests/data/cli
