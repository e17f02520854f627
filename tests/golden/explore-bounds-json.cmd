$VKEPT explore -f json --depth 6 --budget 100 --preemptions 1 tests/data/explore/message.yaml | grep -v '"stats"'
