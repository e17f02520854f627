$VKEPT graph -T json scenarios/copyio/printf.yaml
