$VKEPT explore tests/data/explore/lost.yaml
