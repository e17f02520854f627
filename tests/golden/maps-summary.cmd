$VKEPT maps --summary --core tests/data/linux-guest/l5-la57/pt.elf.gz
