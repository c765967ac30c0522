// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

// Compiled beside the escrow, whose all-or-nothing flow is compared with it.
import {RefundEscrow} from 'oz4/utils/escrow/RefundEscrow.sol';
