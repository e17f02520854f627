$VKEPT run -f tap tests/data/cli tests/data/cli_bad.yaml tests/data/nothing-there.yaml
