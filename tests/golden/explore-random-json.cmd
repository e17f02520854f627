$VKEPT explore -f json --runs 3 --seed 5 tests/data/explore/message.yaml | grep -v '"stats"'
