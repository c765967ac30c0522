// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SignatureChecker} from '@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol';
import {ECDSA} from '@openzeppelin/contracts/utils/cryptography/ECDSA.sol';
import {EIP712} from '@openzeppelin/contracts/utils/cryptography/EIP712.sol';
import {IMarketEscrow, Order} from './IMarketEscrow.sol';

/// What is signed for an order, and who has signed (EIP-712).
abstract contract Orders is IMarketEscrow, EIP712('OpenClaw Market Escrow', '1') {
    bytes32 private constant ORDER = keccak256(
        'Order(address payer,address payee,address token,uint128 amount,address voucherSigner,uint64 expiresAt,'
        'uint64 refundableAt,address arbiter,uint32 decisionTime,uint16 undecidedPayeeBps,bytes32 ref)'
    );
    /// Whoever takes milliseconds for seconds would lock money for tens of thousands of years.
    uint256 internal constant LONGEST = 3650 days;

    bytes32 private constant VOUCHER = keccak256('Voucher(bytes32 id,uint128 cumulative)');

    /// The order's id, and what its payer signs to authorise the lock.
    function idOf(Order calldata order) public view returns (bytes32) {
        bytes32 hash = ORDER;
        // The terms lie in calldata as they are hashed: eleven words. Wider ones than their types have an id of their own, under
        // which nothing can be locked.
        assembly ('memory-safe') {
            let free := mload(0x40)
            mstore(free, hash)
            calldatacopy(add(free, 0x20), order, 0x160)
            hash := keccak256(free, 0x180)
        }
        return _hashTypedDataV4(hash);
    }

    /// What the voucher signer signs.
    function voucherDigest(bytes32 id, uint128 cumulative) public view returns (bytes32) {
        return _hashTypedDataV4(keccak256(abi.encode(VOUCHER, id, cumulative)));
    }

    /// A key's own signature counts whether or not there is code at its address (EIP-7702): otherwise whoever signs vouchers
    /// could undo them by putting code there. Only then is the code asked (EIP-1271).
    function _requireSigned(address signer, bytes32 digest, bytes calldata signature) internal view {
        (address recovered, ECDSA.RecoverError problem, ) = ECDSA.tryRecoverCalldata(digest, signature);
        if (problem == ECDSA.RecoverError.NoError && recovered == signer) return;
        if (SignatureChecker.isValidERC1271SignatureNowCalldata(signer, digest, signature)) return;
        revert BadSignature(signer);
    }

    /// Only what can end, and end well: a payee, an end after the beginning, and a neutral arbiter or none. The payer is who asks for it.
    function _requireSound(Order calldata order) internal view {
        if (order.payee == address(0) || order.payee == order.payer || order.payee == address(this)) {
            revert BadTerms('payee');
        }
        if (order.token != address(0) && order.token.code.length == 0) revert BadTerms('token');
        if (order.amount == 0) revert BadTerms('amount');
        if (order.refundableAt < order.expiresAt) revert BadTerms('refundableAt');
        if (order.refundableAt > block.timestamp + LONGEST) revert BadTerms('refundableAt');
        if (order.arbiter == address(0)) {
            if (order.decisionTime != 0) revert BadTerms('decisionTime');
            if (order.undecidedPayeeBps != 0) revert BadTerms('undecidedPayeeBps');
            return;
        }
        if (order.arbiter == order.payer || order.arbiter == order.payee) revert BadTerms('arbiter');
        if (order.decisionTime == 0) revert BadTerms('decisionTime');
        if (order.undecidedPayeeBps > 10_000) revert BadTerms('undecidedPayeeBps');
    }
}
