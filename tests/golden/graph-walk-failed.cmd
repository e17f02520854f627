$VKEPT graph --walk 0x600000 --theme print scenarios/copyio/printf.yaml
