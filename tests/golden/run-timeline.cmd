$VKEPT run --trace-format perfetto tests/data/cli/bare.yaml
