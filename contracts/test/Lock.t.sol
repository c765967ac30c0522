// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarketEscrow, Order, Permit, Status} from '../src/IMarketEscrow.sol';
import {EscrowTest} from './EscrowTest.sol';
import {Wallet} from './Receivers.sol';
import {OddToken} from './Tokens.sol';
import {vm} from './Vm.sol';

contract LockTest is EscrowTest {
    function testFuzz_AnIdIsTheHashOfItsTerms(Order calldata order, uint128 cumulative) external view {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256('EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)'),
                keccak256('OpenClaw Market Escrow'),
                keccak256('1'),
                block.chainid,
                address(escrow)
            )
        );
        bytes32 terms = keccak256(
            bytes.concat(
                abi.encode(
                    keccak256(
                        'Order(address payer,address payee,address token,uint128 amount,address voucherSigner,uint64 expiresAt,uint64 refundableAt,address arbiter,uint32 decisionTime,uint16 undecidedPayeeBps,bytes32 ref)'
                    ),
                    order.payer,
                    order.payee,
                    order.token,
                    order.amount
                ),
                abi.encode(
                    order.voucherSigner,
                    order.expiresAt,
                    order.refundableAt,
                    order.arbiter,
                    order.decisionTime,
                    order.undecidedPayeeBps,
                    order.ref
                )
            )
        );
        bytes32 id = keccak256(bytes.concat(hex'1901', domain, terms));
        require(escrow.idOf(order) == id, 'id');
        bytes32 said = keccak256(abi.encode(keccak256('Voucher(bytes32 id,uint128 cumulative)'), id, cumulative));
        require(
            escrow.voucherDigest(id, cumulative) == keccak256(bytes.concat(hex'1901', domain, said)), 'voucher'
        );
    }

    function testFuzz_ThePayerLocks(uint256 seed) external {
        Order memory order = _order(seed);
        bytes32 id = escrow.idOf(order);
        uint256 value = _fund(order);
        vm.expectEmit(address(escrow));
        emit IMarketEscrow.Locked(id, order.payer, order.payee, order);
        vm.prank(order.payer);
        require(escrow.lock{value: value}(order) == id, 'id');
        _expectState(order, Status.Active, 0);
        require(_state(order).disputedAt == 0, 'disputed');
        _expectShares(order, 0, 0);
    }

    function testFuzz_NobodyElseLocks(uint256 seed, address caller) external {
        Order memory order = _order(seed);
        vm.assume(caller != order.payer);
        uint256 value = _fund(order);
        vm.deal(caller, value);
        _refuse(abi.encodeWithSelector(IMarketEscrow.NotFor.selector, caller));
        vm.prank(caller);
        escrow.lock{value: value}(order);
    }

    function testFuzz_TheValueIsTheAmount(uint256 seed, uint256 sent) external {
        Order memory order = _order(seed);
        uint256 expected = order.token == address(0) ? order.amount : 0;
        sent = _around(sent, expected, 0, type(uint128).max);
        vm.assume(sent != expected);
        _fund(order);
        vm.deal(order.payer, sent);
        _refuse(abi.encodeWithSelector(IMarketEscrow.WrongValue.selector, expected, sent));
        vm.prank(order.payer);
        escrow.lock{value: sent}(order);
    }

    function testFuzz_NoLockOnceExpired(uint256 seed, uint256 time) external {
        Order memory order = _order(seed);
        uint256 value = _fund(order);
        vm.warp(_around(time, order.expiresAt, BEGINNING, type(uint64).max));
        if (block.timestamp >= order.expiresAt) {
            _refuse(abi.encodeWithSelector(IMarketEscrow.Expired.selector, uint256(order.expiresAt)));
        }
        vm.prank(order.payer);
        escrow.lock{value: value}(order);
    }

    /// Each field at both sides of its limit: `field` is the one that is wrong, if any.
    function testFuzz_OnlySoundTerms(uint256 seed, uint256 which) external {
        Order memory order = _order(seed);
        string memory field = _spoil(order, which);
        uint256 value = _fund(order);
        if (bytes(field).length != 0) _refuse(abi.encodeWithSelector(IMarketEscrow.BadTerms.selector, field));
        vm.prank(order.payer);
        escrow.lock{value: value}(order);
    }

    function _spoil(Order memory order, uint256 which) private view returns (string memory) {
        which = 1 + (which % 17);
        if (which == 1) return _named(order.payee = address(0), 'payee');
        if (which == 2) return _named(order.payee = order.payer, 'payee');
        if (which == 3) return _named(order.payee = address(escrow), 'payee');
        if (which == 4) return _number(order.amount = 0, 'amount');
        if (which == 5) return _number(order.amount = 1, '');
        if (which == 6) return _number(order.refundableAt = order.expiresAt - 1, 'refundableAt');
        if (which == 7) return _number(order.refundableAt = order.expiresAt, '');
        if (which == 8) return _number(order.refundableAt = uint64(block.timestamp + 3650 days + 1), 'refundableAt');
        if (which == 9) return _number(order.refundableAt = uint64(block.timestamp + 3650 days), '');
        if (which == 10) return _named(order.arbiter = order.payer, 'arbiter');
        if (which == 11) return _named(order.arbiter = order.payee, 'arbiter');
        if (which == 12) return _number(order.decisionTime = 0, 'decisionTime');
        if (which == 13) return _number(order.undecidedPayeeBps = 10_001, 'undecidedPayeeBps');
        if (which == 14) return _number(order.undecidedPayeeBps = 10_000, '');
        order.arbiter = address(0);
        (order.decisionTime, order.undecidedPayeeBps) = (0, 0);
        if (which == 15) return '';
        if (which == 16) return _number(order.decisionTime = 1, 'decisionTime');
        return _number(order.undecidedPayeeBps = 1, 'undecidedPayeeBps');
    }

    function _named(address, string memory field) private pure returns (string memory) {
        return field;
    }

    function _number(uint256, string memory field) private pure returns (string memory) {
        return field;
    }

    function testFuzz_AnOrderIsLockedOnce(uint256 seed, uint256 how) external {
        Order memory order = _order(seed);
        bytes32 id = how % 4 == 3 ? escrow.idOf(order) : _lock(order);
        Status status = Status.Closed;
        if (how % 4 == 0) status = Status.Active;
        if (how % 4 == 1) (status,) = (Status.Disputed, _disputed(order));
        if (how % 4 == 2) _release(order, order.amount);
        if (how % 4 == 3) _cancel(order);
        uint256 value = _fund(order);
        _refuse(abi.encodeWithSelector(IMarketEscrow.AlreadyUsed.selector, id, status));
        vm.prank(order.payer);
        escrow.lock{value: value}(order);
    }

    function _disputed(Order memory order) private returns (bool) {
        _dispute(order);
        return true;
    }

    function _release(Order memory order, uint128 amount) private {
        vm.prank(order.payer);
        escrow.release(order, amount);
    }

    function _cancel(Order memory order) private {
        vm.expectEmit(address(escrow));
        emit IMarketEscrow.Cancelled(escrow.idOf(order));
        vm.prank(order.payer);
        escrow.cancel(order);
    }

    function testFuzz_CancelledByItsPayerBeforeItIsLocked(uint256 seed, address caller, bool locked) external {
        Order memory order = _order(seed);
        vm.assume(caller != order.payer);
        _refuse(abi.encodeWithSelector(IMarketEscrow.NotFor.selector, caller));
        vm.prank(caller);
        escrow.cancel(order);
        if (!locked) {
            _cancel(order);
            return _expectState(order, Status.Closed, 0);
        }
        bytes32 id = _lock(order);
        _refuse(abi.encodeWithSelector(IMarketEscrow.AlreadyUsed.selector, id, Status.Active));
        vm.prank(order.payer);
        escrow.cancel(order);
        _expectState(order, Status.Active, 0);
    }

    function testFuzz_AnyoneLocksWithThePayersSignature(uint256 seed, address caller, bool wallet) external {
        Order memory order = _order(address(gold), seed);
        if (wallet) order.payer = address(new Wallet(payer));
        _fund(order);
        bytes memory authorization = _signature(PAYER_KEY, escrow.idOf(order));
        vm.prank(caller);
        require(escrow.lockFor(order, authorization) == escrow.idOf(order), 'id');
        _expectState(order, Status.Active, 0);
        _expectShares(order, 0, 0);
    }

    function testFuzz_AnothersSignatureLocksNothing(uint256 seed, uint256 key, bool permitted, bool wallet) external {
        Order memory order = _order(address(gold), seed);
        if (wallet) order.payer = address(new Wallet(payer));
        _fund(order);
        key = _within(key, 1, 2 ** 255);
        vm.assume(key != PAYER_KEY);
        bytes memory authorization = _signature(key, escrow.idOf(order));
        Permit memory permit;
        _refuse(abi.encodeWithSelector(IMarketEscrow.BadSignature.selector, order.payer));
        if (permitted) escrow.lockWithPermit(order, authorization, permit);
        else escrow.lockFor(order, authorization);
    }

    function testFuzz_ASignatureIsForItsTermsOnly(uint256 seed, uint128 amount) external {
        Order memory order = _order(address(gold), seed);
        vm.assume(amount != order.amount && amount != 0);
        bytes memory authorization = _signature(PAYER_KEY, escrow.idOf(order));
        order.amount = amount;
        _refuse(abi.encodeWithSelector(IMarketEscrow.BadSignature.selector, order.payer));
        escrow.lockFor(order, authorization);
    }

    function testFuzz_NobodyElseSendsThePayersCoin(uint256 seed, bool permitted) external {
        Order memory order = _order(address(0), seed);
        bytes memory authorization = _signature(PAYER_KEY, escrow.idOf(order));
        Permit memory permit;
        _refuse(abi.encodeWithSelector(IMarketEscrow.OwnCoinByPayerOnly.selector));
        if (permitted) escrow.lockWithPermit(order, authorization, permit);
        else escrow.lockFor(order, authorization);
    }

    /// @param used somebody else has brought the permit already
    function testFuzz_APermitIsTheAllowance(uint256 seed, address caller, bool used) external {
        Order memory order = _order(address(gold), seed);
        gold.mint(order.payer, order.amount);
        Permit memory permit = _permit(order, block.timestamp + (seed % 1000));
        if (used) {
            gold.permit(
                order.payer, address(escrow), order.amount, permit.deadline, permit.v, permit.r, permit.s
            );
        }
        bytes memory authorization = _signature(PAYER_KEY, escrow.idOf(order));
        vm.prank(caller);
        require(escrow.lockWithPermit(order, authorization, permit) == escrow.idOf(order), 'id');
        _expectState(order, Status.Active, 0);
        _expectShares(order, 0, 0);
        require(gold.allowance(order.payer, address(escrow)) == 0, 'allowance');
    }

    function _permit(Order memory order, uint256 deadline) private returns (Permit memory) {
        bytes32 said = keccak256(
            abi.encode(
                keccak256('Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)'),
                order.payer,
                address(escrow),
                order.amount,
                0,
                deadline
            )
        );
        (uint8 v, bytes32 r, bytes32 s) =
            vm.sign(PAYER_KEY, keccak256(bytes.concat(hex'1901', gold.DOMAIN_SEPARATOR(), said)));
        return Permit(deadline, v, r, s);
    }

    function testFuzz_ATokenThatTakesAFeeIsRefused(uint256 seed, uint256 bps) external {
        OddToken odd = new OddToken();
        Order memory order = _order(address(odd), seed);
        order.amount = uint128(_within(seed, 10_000, type(uint128).max));
        bps = _within(bps, 1, 10_000);
        _fund(order);
        odd.setFee(bps);
        uint256 received = order.amount - (uint256(order.amount) * bps) / 10_000;
        _refuse(abi.encodeWithSelector(IMarketEscrow.NotWholeReceived.selector, uint256(order.amount), received));
        vm.prank(order.payer);
        escrow.lock(order);
    }

    /// Who sends tokens here meanwhile cannot make a lock look larger, nor one's own money count for another's.
    function testFuzz_WhatLiesHereIsNobodysLock(uint256 seed, uint128 donated) external {
        Order memory order = _order(address(gold), seed);
        gold.mint(address(escrow), donated % 1e30);
        _lock(order);
        require(gold.balanceOf(address(escrow)) == uint256(order.amount) + (donated % 1e30), 'balance');
    }
}
