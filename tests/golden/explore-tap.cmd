$VKEPT explore -f tap tests/data/explore/stuck.yaml tests/data/explore/message.yaml tests/data/cli_bad.yaml
