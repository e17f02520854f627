$VKEPT run -f junit tests/data/cli tests/data/cli_bad.yaml scenarios/copyio/printf.yaml
