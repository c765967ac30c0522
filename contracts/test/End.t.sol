// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IMarketEscrow, Order, Status} from '../src/IMarketEscrow.sol';
import {EscrowTest} from './EscrowTest.sol';
import {vm} from './Vm.sol';

contract EndTest is EscrowTest {
    /// By the payee at any time, disputed or not; by anyone else once it is refundable, unless it is disputed.
    function testFuzz_TheRestGoesBack(uint256 seed, uint128 paid, uint256 time, address caller, bool disputed) external {
        (Order memory order, bytes32 id) = _partlyPaid(seed, paid);
        if (disputed) _dispute(order);
        vm.warp(_around(time, order.refundableAt, BEGINNING, type(uint64).max));
        if (seed % 3 == 0) caller = PAYEE;
        if (seed % 3 == 1) caller = order.payer;
        uint128 gone = _state(order).paid;
        bool refused = caller != PAYEE && (disputed || block.timestamp < order.refundableAt);
        if (refused && disputed) {
            _refuse(abi.encodeWithSelector(IMarketEscrow.Frozen.selector, id, BEGINNING + order.decisionTime));
        } else if (refused) {
            _refuse(abi.encodeWithSelector(IMarketEscrow.NotRefundableYet.selector, uint256(order.refundableAt)));
        } else {
            vm.expectEmit(address(escrow));
            emit IMarketEscrow.Refunded(id, order.amount - gone);
        }
        vm.prank(caller);
        escrow.refund(order);
        if (refused) return _expectState(order, disputed ? Status.Disputed : Status.Active, gone);
        _expectState(order, Status.Closed, gone);
        _expectShares(order, gone, order.amount - gone);
    }

    function testFuzz_APartyDisputesInTime(uint256 seed, uint256 time, address caller) external {
        (Order memory order, bytes32 id) = _partlyPaid(seed, uint128(seed));
        if (seed % 3 == 0) caller = PAYEE;
        if (seed % 3 == 1) caller = order.payer;
        vm.warp(_around(time, order.refundableAt, BEGINNING, type(uint64).max));
        bool party = caller == PAYEE || caller == order.payer;
        bool late = block.timestamp >= order.refundableAt;
        uint128 paid = _state(order).paid;
        if (!party) _refuse(abi.encodeWithSelector(IMarketEscrow.NotFor.selector, caller));
        else if (late) {
            _refuse(abi.encodeWithSelector(IMarketEscrow.TooLateToDispute.selector, uint256(order.refundableAt)));
        } else {
            vm.expectEmit(address(escrow));
            emit IMarketEscrow.Disputed(id, caller, block.timestamp + order.decisionTime);
        }
        vm.prank(caller);
        escrow.dispute(order);
        bool frozen = party && !late;
        _expectState(order, frozen ? Status.Disputed : Status.Active, paid);
        require(_state(order).disputedAt == (frozen ? block.timestamp : 0), 'disputedAt');
    }

    function testFuzz_ADisputeIsNotDrawnOut(uint256 seed, uint256 later) external {
        Order memory order = _order(seed);
        bytes32 id = _lock(order);
        _dispute(order);
        vm.warp(_around(later, order.refundableAt, BEGINNING, type(uint64).max));
        _refuse(abi.encodeWithSelector(IMarketEscrow.Frozen.selector, id, BEGINNING + order.decisionTime));
        vm.prank(PAYEE);
        escrow.dispute(order);
    }

    function testFuzz_WithoutAnArbiterThereIsNoDispute(uint256 seed) external {
        Order memory order = _order(seed);
        (order.arbiter, order.decisionTime, order.undecidedPayeeBps) = (address(0), 0, 0);
        _lock(order);
        _refuse(abi.encodeWithSelector(IMarketEscrow.NoArbiter.selector));
        _dispute(order);
    }

    /// @param total that the payee is to have got in all; what it has got already cannot be taken from it
    function testFuzz_TheArbiterSplitsTheRestInTime(uint256 seed, uint128 paid, uint128 total, uint256 time) external {
        (Order memory order, bytes32 id) = _partlyPaid(seed, paid);
        _dispute(order);
        uint256 transfers = gold.transfers();
        uint256 decideBefore = block.timestamp + order.decisionTime;
        vm.warp(_around(time, decideBefore, BEGINNING, type(uint64).max));
        paid = _state(order).paid;
        total = uint128(_around(total, seed % 2 == 0 ? paid : order.amount, 0, type(uint128).max));
        uint128 got = total > paid ? total : paid;
        bool late = block.timestamp >= decideBefore;
        bytes memory tooMuch = abi.encodeWithSelector(
            IMarketEscrow.MoreThanLeft.selector, uint256(total), uint256(order.amount)
        );
        if (late) _refuse(abi.encodeWithSelector(IMarketEscrow.TooLateToDecide.selector, decideBefore));
        else if (total > order.amount) _refuse(tooMuch);
        else {
            vm.expectEmit(address(escrow));
            emit IMarketEscrow.Decided(id, ARBITER, got - paid, order.amount - got);
        }
        vm.prank(ARBITER);
        escrow.decide(order, total);
        if (late || total > order.amount) return _expectState(order, Status.Disputed, paid);
        _expectState(order, Status.Closed, got);
        _expectShares(order, got, order.amount - got);
        if (order.token == address(0)) return;
        // Of nothing there is no transfer.
        transfers += (got == paid ? 0 : 1) + (got == order.amount ? 0 : 1);
        require(gold.transfers() == transfers, 'transfers');
    }

    function testFuzz_NobodyElseDecides(uint256 seed, address caller) external {
        Order memory order = _order(seed);
        vm.assume(caller != ARBITER);
        if (seed % 3 == 0) caller = PAYEE;
        if (seed % 3 == 1) caller = order.payer;
        _lock(order);
        _dispute(order);
        _refuse(abi.encodeWithSelector(IMarketEscrow.NotFor.selector, caller));
        vm.prank(caller);
        escrow.decide(order, 0);
    }

    function testFuzz_AnUndecidedDisputeEndsAsAgreed(uint256 seed, uint128 paid, uint256 time, address caller) external {
        (Order memory order, bytes32 id) = _partlyPaid(seed, paid);
        _dispute(order);
        uint256 decideBefore = block.timestamp + order.decisionTime;
        vm.warp(_around(time, decideBefore, BEGINNING, type(uint64).max));
        uint128 gone = _state(order).paid;
        uint256 left = order.amount - gone;
        uint256 toPayee = (left * order.undecidedPayeeBps) / 10_000;
        bool early = block.timestamp < decideBefore;
        if (early) _refuse(abi.encodeWithSelector(IMarketEscrow.NotDecidableYet.selector, decideBefore));
        else {
            vm.expectEmit(address(escrow));
            emit IMarketEscrow.Decided(id, address(0), toPayee, left - toPayee);
        }
        vm.prank(caller);
        escrow.conclude(order);
        if (early) return _expectState(order, Status.Disputed, gone);
        _expectState(order, Status.Closed, gone + toPayee);
        _expectShares(order, gone + toPayee, left - toPayee);
    }

    function testFuzz_OnlyDisputesAreDecided(uint256 seed, uint256 how) external {
        Order memory order = _order(seed);
        if (how % 3 > 0) _lock(order);
        if (how % 3 > 1) {
            vm.prank(PAYEE);
            escrow.refund(order);
        }
        Status status = how % 3 == 0 ? Status.None : how % 3 == 1 ? Status.Active : Status.Closed;
        bytes memory refusal =
            abi.encodeWithSelector(IMarketEscrow.NotDisputed.selector, escrow.idOf(order), status);
        _refuse(refusal);
        vm.prank(ARBITER);
        escrow.decide(order, 0);
        _refuse(refusal);
        escrow.conclude(order);
    }

    function _partlyPaid(uint256 seed, uint128 paid) private returns (Order memory order, bytes32 id) {
        order = _order(seed);
        paid = uint128(_within(paid, 0, order.amount - 1));
        id = _lock(order);
        if (paid == 0) return (order, id);
        vm.prank(order.payer);
        escrow.release(order, paid);
    }
}
