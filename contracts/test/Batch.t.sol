// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Claim, IMarketEscrow, Order, Status} from '../src/IMarketEscrow.sol';
import {EscrowTest} from './EscrowTest.sol';
import {vm} from './Vm.sol';

contract BatchTest is EscrowTest {
    uint256 private constant ORDERS = 4;
    address[3] private assets;
    address[2] private payees = [PAYEE, STRANGER];
    Order[ORDERS] private orders;
    uint128[ORDERS] private paid;

    /// What each payee should have of each asset.
    mapping(address asset => mapping(address payee => uint256)) private due;

    function setUp() public override {
        super.setUp();
        assets = [address(0), address(gold), address(silver)];
    }

    /// A batch does what its claims one after the other would do, with those passed over that have nothing more to bring.
    function testFuzz_ABatchPaysEachWhatItsVouchersSay(uint256 seed) external {
        for (uint256 i = 0; i < ORDERS; i++) _lockAt(i, _mix(seed, i));
        Claim[] memory claims = new Claim[](_mix(seed, 100) % 9);
        uint256[] memory expected = new uint256[](claims.length);
        for (uint256 i = 0; i < claims.length; i++) {
            (claims[i], expected[i]) = _claim(_mix(seed, 200 + i));
        }
        uint256[] memory amounts = escrow.claimBatch(claims);
        require(amounts.length == claims.length, 'length');
        for (uint256 i = 0; i < claims.length; i++) require(amounts[i] == expected[i], 'amount');
        for (uint256 i = 0; i < ORDERS; i++) {
            Status status = paid[i] == orders[i].amount ? Status.Closed : Status.Active;
            _expectState(orders[i], status, paid[i]);
        }
        for (uint256 a = 0; a < assets.length; a++) {
            for (uint256 p = 0; p < payees.length; p++) {
                require(_balance(assets[a], payees[p]) == due[assets[a]][payees[p]], 'paid');
            }
        }
    }

    function _lockAt(uint256 i, uint256 seed) private {
        Order memory order = _order(assets[seed % assets.length], seed);
        order.amount = uint128(_within(seed, 1, 20));
        order.payee = payees[_mix(seed, 1) % 2];
        orders[i] = order;
        _lock(order);
    }

    function _claim(uint256 seed) private returns (Claim memory claim, uint256 amount) {
        uint256 i = seed % ORDERS;
        Order memory order = orders[i];
        uint128 cumulative = uint128(_within(_mix(seed, 1), 0, order.amount));
        if (cumulative > paid[i]) amount = cumulative - paid[i];
        paid[i] += uint128(amount);
        due[order.token][order.payee] += amount;
        claim = Claim(order, cumulative, _voucher(order, cumulative));
    }

    function testFuzz_WhatFollowsEachOtherIsPaidTogether(uint256 seed, uint8 first, uint8 second) external {
        (uint256 a, uint256 b) = (_within(first, 1, 5), _within(second, 0, 5));
        Claim[] memory claims = new Claim[](a + b);
        for (uint256 i = 0; i < a + b; i++) {
            Order memory order = _order(address(gold), _mix(seed, i));
            if (i >= a) order.payee = STRANGER;
            _lock(order);
            claims[i] = Claim(order, 2, _voucher(order, 2));
        }
        uint256 before = gold.transfers();
        escrow.claimBatch(claims);
        require(gold.transfers() == before + (b == 0 ? 1 : 2), 'transfers');
        require(gold.balanceOf(PAYEE) == 2 * a && gold.balanceOf(STRANGER) == 2 * b, 'paid');
    }

    /// What is passed over does not come between.
    function testFuzz_WhatIsPassedOverIsNotThere(uint256 seed) external {
        Claim[] memory claims = new Claim[](3);
        for (uint256 i = 0; i < 3; i++) {
            Order memory order = _order(address(gold), _mix(seed, i));
            if (i == 1) order.payee = STRANGER;
            else _lock(order);
            claims[i] = Claim(order, 1, _voucher(order, 1));
        }
        uint256 before = gold.transfers();
        escrow.claimBatch(claims);
        require(gold.transfers() == before + 1 && gold.balanceOf(PAYEE) == 2, 'paid');
    }

    function testFuzz_AMistakeInABatchPaysNothing(uint256 seed) external {
        Claim[] memory claims = new Claim[](2);
        for (uint256 i = 0; i < 2; i++) {
            Order memory order = _order(address(gold), _mix(seed, i));
            _lock(order);
            claims[i] = Claim(order, 1, _voucher(order, i == 0 ? 1 : 2));
        }
        _refuse(abi.encodeWithSelector(IMarketEscrow.BadSignature.selector, signer));
        escrow.claimBatch(claims);
        require(gold.balanceOf(PAYEE) == 0, 'paid');
    }

    function testFuzz_ABatchTellsEachPayment(uint256 seed) external {
        Order memory order = _order(seed);
        bytes32 id = _lock(order);
        Claim[] memory claims = new Claim[](2);
        claims[0] = Claim(order, 1, _voucher(order, 1));
        claims[1] = Claim(order, order.amount, _voucher(order, order.amount));
        vm.expectEmit(address(escrow));
        emit IMarketEscrow.Paid(id, 1, 1);
        vm.expectEmit(address(escrow));
        emit IMarketEscrow.Paid(id, order.amount - 1, order.amount);
        vm.prank(STRANGER);
        escrow.claimBatch(claims);
    }
}
