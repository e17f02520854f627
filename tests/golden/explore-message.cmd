$VKEPT explore -v tests/data/explore/message.yaml | grep -v "made by the code"
