$VKEPT bits -f json --as error-code 0x7
