// SPDX-License-Identifier: GPL-2.0-or-later
// Numbers in order, those included whose difference does not fit their type.
#include "order.h"
#include "unit.h"

#define CHECK_ORDER(type, function, ...)                                                          \
	do {                                                                                      \
		const type numbers_[] = {__VA_ARGS__};                                            \
		for (size_t i = 0; i < sizeof(numbers_) / sizeof(type); i++)                      \
			for (size_t j = 0; j < sizeof(numbers_) / sizeof(type); j++)              \
				check_int(                                                        \
					function(&numbers_[i], &numbers_[j]), (i > j) - (i < j)); \
	} while (0)

Test(order, ascending)
{
	CHECK_ORDER(int, order_int, INT32_MIN, -1, 0, 1, INT32_MAX);
	CHECK_ORDER(uint32_t, order_u32, 0, 1, INT32_MAX, UINT32_MAX - 1, UINT32_MAX);
	CHECK_ORDER(uint64_t, order_u64, 0, 1, UINT32_MAX, INT64_MAX, UINT64_MAX);
}
