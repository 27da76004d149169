/* Binds the suite's parameter to the module, as the mirage command does in an instance. */
#pragma redefine_extname kv_stat kv_direct_stat
#pragma redefine_extname kv_get kv_direct_get
#pragma redefine_extname kv_read kv_direct_read
#pragma redefine_extname kv_list kv_direct_list
