$VKEPT graph -T json --walk 0x400000 --access x scenarios/copyio/printf.yaml
