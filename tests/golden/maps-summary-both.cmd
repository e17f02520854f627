"$VKEPT" maps --core tests/data/linux-guest/nested-ept/pt.elf.gz --cr3 0x1000 --nested ept --nested-root 0x63d005e --summary
