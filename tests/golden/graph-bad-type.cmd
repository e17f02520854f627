$VKEPT graph -T gif scenarios/copyio/printf.yaml
