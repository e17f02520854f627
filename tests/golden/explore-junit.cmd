$VKEPT explore -f junit tests/data/explore/lost.yaml tests/data/explore/message.yaml
