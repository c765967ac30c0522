// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Claim, IMarketEscrow, Order, Status} from '../src/IMarketEscrow.sol';
import {EscrowTest} from './EscrowTest.sol';
import {Wallet} from './Receivers.sol';
import {vm} from './Vm.sol';

contract PayTest is EscrowTest {
    function testFuzz_ThePayerReleases(uint256 seed, uint128 first, bool disputed) external {
        Order memory order = _order(seed);
        first = uint128(_within(first, 1, order.amount - 1));
        bytes32 id = _lock(order);
        if (disputed) _dispute(order);
        vm.expectEmit(address(escrow));
        emit IMarketEscrow.Paid(id, first, first);
        _release(order, first);
        _expectState(order, disputed ? Status.Disputed : Status.Active, first);
        require(_state(order).disputedAt == (disputed ? block.timestamp : 0), 'disputedAt');
        _expectShares(order, first, 0);

        uint128 rest = order.amount - first;
        vm.expectEmit(address(escrow));
        emit IMarketEscrow.Paid(id, rest, order.amount);
        _release(order, rest);
        _expectState(order, Status.Closed, order.amount);
        _expectShares(order, order.amount, 0);
    }

    function testFuzz_NotMoreThanIsLeft(uint256 seed, uint128 first, uint128 then) external {
        Order memory order = _order(seed);
        first = uint128(_within(first, 0, order.amount - 1));
        _lock(order);
        if (first != 0) _release(order, first);
        uint128 left = order.amount - first;
        then = uint128(_around(then, left, 0, type(uint128).max));
        if (then == 0) _refuse(abi.encodeWithSelector(IMarketEscrow.NothingToPay.selector));
        else if (then > left) {
            _refuse(abi.encodeWithSelector(IMarketEscrow.MoreThanLeft.selector, uint256(then), uint256(left)));
        }
        _release(order, then);
    }

    function testFuzz_NobodyElseReleases(uint256 seed, address caller) external {
        Order memory order = _order(seed);
        vm.assume(caller != order.payer);
        _lock(order);
        _refuse(abi.encodeWithSelector(IMarketEscrow.NotFor.selector, caller));
        vm.prank(caller);
        escrow.release(order, 1);
    }

    function _release(Order memory order, uint128 amount) private {
        vm.prank(order.payer);
        escrow.release(order, amount);
    }

    /// Whoever brings vouchers, the payee gets what they say in all; a key's signature counts with code at its address, too.
    function testFuzz_VouchersPayUpToWhatTheySay(uint256 seed, uint128 first, address caller, uint8 kind) external {
        Order memory order = _order(seed);
        if (kind % 4 == 1) order.voucherSigner = address(new Wallet(signer));
        if (kind % 4 == 2) vm.etch(signer, hex'60006000fd');
        first = uint128(_within(first, 1, order.amount - 1));
        bytes32 id = _lock(order);
        if (kind % 8 > 3) _dispute(order);
        vm.warp(_within(seed, block.timestamp, order.refundableAt - 1));

        bytes memory signature = _voucher(order, first);
        vm.expectEmit(address(escrow));
        emit IMarketEscrow.Paid(id, first, first);
        vm.prank(caller);
        escrow.claim(order, first, signature);
        _expectState(order, kind % 8 > 3 ? Status.Disputed : Status.Active, first);
        _expectShares(order, first, 0);

        signature = _voucher(order, order.amount);
        vm.expectEmit(address(escrow));
        emit IMarketEscrow.Paid(id, order.amount - first, order.amount);
        vm.prank(caller);
        escrow.claim(order, order.amount, signature);
        _expectState(order, Status.Closed, order.amount);
        _expectShares(order, order.amount, 0);
    }

    function testFuzz_VouchersOnlyRise(uint256 seed, uint128 paid, uint128 cumulative) external {
        Order memory order = _order(seed);
        paid = uint128(_within(paid, 1, order.amount - 1));
        cumulative = uint128(_around(cumulative, paid, 0, order.amount));
        _lock(order);
        escrow.claim(order, paid, _voucher(order, paid));
        bytes memory signature = _voucher(order, cumulative);
        bool above = cumulative > paid;
        if (!above) {
            _refuse(
                abi.encodeWithSelector(IMarketEscrow.VoucherNotAbove.selector, uint256(cumulative), uint256(paid))
            );
        }
        escrow.claim(order, cumulative, signature);
        _expectShares(order, above ? cumulative : paid, 0);
    }

    function testFuzz_NoVoucherBeyondTheLock(uint256 seed, uint128 cumulative, bool batch) external {
        Order memory order = _order(seed);
        if (order.amount == type(uint128).max) order.amount--;
        cumulative = uint128(_around(cumulative, order.amount, order.amount, type(uint128).max));
        _lock(order);
        bytes memory signature = _voucher(order, cumulative);
        bool beyond = cumulative > order.amount;
        if (beyond) {
            _refuse(
                abi.encodeWithSelector(
                    IMarketEscrow.VoucherBeyondLock.selector, uint256(cumulative), uint256(order.amount)
                )
            );
        }
        _bring(order, cumulative, signature, batch);
        _expectShares(order, beyond ? 0 : order.amount, 0);
    }

    function testFuzz_VouchersAreLostWhenTheRestIsRefundable(uint256 seed, uint256 time, bool batch) external {
        Order memory order = _order(seed);
        _lock(order);
        bytes memory signature = _voucher(order, 1);
        vm.warp(_around(time, order.refundableAt, BEGINNING, type(uint64).max));
        bool late = block.timestamp >= order.refundableAt;
        if (late && !batch) {
            _refuse(abi.encodeWithSelector(IMarketEscrow.VoucherTooLate.selector, uint256(order.refundableAt)));
        }
        _bring(order, 1, signature, batch);
        _expectShares(order, late ? 0 : 1, 0);
    }

    function testFuzz_OnlyItsSignersVouchersCount(uint256 seed, uint256 key, uint8 kind, bool batch) external {
        Order memory order = _order(seed);
        if (kind % 3 == 1) order.voucherSigner = address(new Wallet(signer));
        key = _within(key, 1, 2 ** 255);
        vm.assume(key != SIGNER_KEY);
        _lock(order);
        bytes memory signature = _signature(key, escrow.voucherDigest(escrow.idOf(order), 1));
        if (kind % 3 == 2) signature = new bytes(kind);
        _refuse(abi.encodeWithSelector(IMarketEscrow.BadSignature.selector, order.voucherSigner));
        _bring(order, 1, signature, batch);
    }

    function testFuzz_AVoucherIsForItsOrderOnly(uint256 seed, bytes32 ref, bool batch) external {
        Order memory order = _order(seed);
        vm.assume(ref != order.ref);
        bytes memory signature = _voucher(order, 1);
        order.ref = ref;
        _lock(order);
        _refuse(abi.encodeWithSelector(IMarketEscrow.BadSignature.selector, order.voucherSigner));
        _bring(order, 1, signature, batch);
    }

    function testFuzz_WithoutASignerThereAreNoVouchers(uint256 seed, bytes calldata signature, bool batch) external {
        Order memory order = _order(seed);
        order.voucherSigner = address(0);
        _lock(order);
        _refuse(abi.encodeWithSelector(IMarketEscrow.NoVouchers.selector));
        _bring(order, 1, signature, batch);
    }

    /// What has not been locked, or has ended, pays nothing: one by one that is an error, in a batch it is passed over.
    function testFuzz_OnlyOpenOrdersPay(uint256 seed, bool ended) external {
        Order memory order = _order(seed);
        if (ended) {
            _lock(order);
            vm.prank(PAYEE);
            escrow.refund(order);
        }
        uint256 payersBefore = _balance(order.token, order.payer);
        bytes memory signature = _voucher(order, 1);
        bytes memory notOpen = abi.encodeWithSelector(
            IMarketEscrow.NotOpen.selector, escrow.idOf(order), ended ? Status.Closed : Status.None
        );
        _refuse(notOpen);
        escrow.claim(order, 1, signature);
        _refuse(notOpen);
        _release(order, 1);
        _refuse(notOpen);
        escrow.refund(order);
        _refuse(notOpen);
        _dispute(order);
        Claim[] memory claims = new Claim[](1);
        claims[0] = Claim(order, 1, signature);
        require(escrow.claimBatch(claims)[0] == 0, 'passed over');
        require(_balance(order.token, PAYEE) == 0 && _balance(order.token, order.payer) == payersBefore, 'moved');
    }

    function _bring(Order memory order, uint128 cumulative, bytes memory signature, bool batch) private {
        if (!batch) return escrow.claim(order, cumulative, signature);
        Claim[] memory claims = new Claim[](1);
        claims[0] = Claim(order, cumulative, signature);
        escrow.claimBatch(claims);
    }
}
