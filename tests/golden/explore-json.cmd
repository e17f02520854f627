$VKEPT explore -f json tests/data/explore/lost.yaml tests/data/explore/message.yaml | grep -v '"stats"'
