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

    /// Each field at both sides of its limit, locked by the payer and by its signature.
    function testFuzz_OnlySoundTerms(uint256 seed, uint256 which, bool signed) external {
        Order memory order = signed ? _order(address(gold), seed) : _order(seed);
        string memory field = _spoil(order, which);
        uint256 value = order.token == STRANGER ? 0 : _fund(order);
        bytes memory authorization = _signature(PAYER_KEY, escrow.idOf(order));
        if (bytes(field).length != 0) _refuse(abi.encodeWithSelector(IMarketEscrow.BadTerms.selector, field));
        if (signed) {
            escrow.lockFor(order, authorization);
        } else {
            vm.prank(order.payer);
            escrow.lock{value: value}(order);
        }
    }

    /// @return field that is wrong now; none, where the terms are at the limit but within it
    function _spoil(Order memory order, uint256 which) private view returns (string memory field) {
        which %= 18;
        if (which < 4) {
            if (which == 0) order.payee = address(0);
            if (which == 1) order.payee = order.payer;
            if (which == 2) order.payee = address(escrow);
            if (which == 3) order.token = STRANGER; // no code there
            return which < 3 ? 'payee' : 'token';
        }
        if (which < 6) {
            order.amount = uint128(which - 4);
            return which == 4 ? 'amount' : '';
        }
        if (which < 8) {
            order.refundableAt = order.expiresAt - uint64(which - 6);
            return which == 6 ? '' : 'refundableAt';
        }
        if (which < 10) {
            order.refundableAt = uint64(block.timestamp + 3650 days + which - 8);
            return which == 8 ? '' : 'refundableAt';
        }
        if (which < 12) {
            order.arbiter = which == 10 ? order.payer : order.payee;
            return 'arbiter';
        }
        if (which == 12) {
            order.decisionTime = 0;
            return 'decisionTime';
        }
        if (which < 15) {
            order.undecidedPayeeBps = uint16(10_000 + which - 13);
            return which == 13 ? '' : 'undecidedPayeeBps';
        }
        (order.arbiter, order.decisionTime, order.undecidedPayeeBps) = (address(0), 0, 0);
        if (which == 15) order.decisionTime = 1;
        if (which == 16) order.undecidedPayeeBps = 1;
        return which == 15 ? 'decisionTime' : which == 16 ? 'undecidedPayeeBps' : '';
    }

    function testFuzz_AnOrderIsLockedOnce(uint256 seed, uint256 how) external {
        Order memory order = _order(seed);
        Status status = _use(order, how % 4);
        uint256 value = _fund(order);
        _refuse(abi.encodeWithSelector(IMarketEscrow.AlreadyUsed.selector, escrow.idOf(order), status));
        vm.prank(order.payer);
        escrow.lock{value: value}(order);
    }

    function _use(Order memory order, uint256 how) private returns (Status) {
        if (how == 0) {
            _cancel(order);
            return Status.Closed;
        }
        _lock(order);
        if (how == 1) return Status.Active;
        if (how == 2) {
            _dispute(order);
            return Status.Disputed;
        }
        vm.prank(order.payer);
        escrow.release(order, order.amount);
        return Status.Closed;
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

    /// No signature is nobody's: what cannot be recovered counts for no account, not even for the one that is zero.
    function testFuzz_NobodySignsForNobody(uint256 seed, bytes calldata authorization) external {
        Order memory order = _order(address(gold), seed);
        order.payer = address(0);
        _refuse(abi.encodeWithSelector(IMarketEscrow.BadSignature.selector, address(0)));
        escrow.lockFor(order, authorization);
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
