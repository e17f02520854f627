$VKEPT explore tests/data/explore/stuck.yaml
