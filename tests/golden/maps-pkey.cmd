$VKEPT maps --core tests/data/linux-guest/l5-la57/pt.elf.gz --range 0x7f0278ff0000-0x7f0279001000
