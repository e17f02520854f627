$VKEPT report tests/data/cli/bare.yaml -o - | sed -n '/ id="data"/,/<.script>/p'
