$VKEPT run tests/data/explore/message.yaml tests/data/explore/lost.yaml
