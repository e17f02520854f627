$VKEPT bits --as ept --level 2 --feature none,mbec,no-mbec --maxphyaddr 36 0x6f7 0x4000000000800083
