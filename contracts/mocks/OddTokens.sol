// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC20} from '@openzeppelin/contracts/token/ERC20/ERC20.sol';
import {ERC20Permit} from '@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol';

/// What every token here can do; anybody may mint.
contract HonestToken is ERC20('Honest', 'HON'), ERC20Permit('Honest') {
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}

/// Keeps some percent of what is moved.
contract FeeToken is HonestToken {
    uint256 private percent;

    function charge(uint256 fee) external {
        percent = fee;
    }

    function _update(address from, address to, uint256 value) internal override {
        if (from == address(0) || to == address(0)) return super._update(from, to, value);
        uint256 fee = (value * percent) / 100;
        super._update(from, to, value - fee);
        super._update(from, address(0), fee);
    }
}

/// What everybody has grows and shrinks by a factor.
contract RebasingToken is HonestToken {
    uint256 public percent = 100;

    function rebase(uint256 to) external {
        percent = to;
    }

    function balanceOf(address account) public view override returns (uint256) {
        return (super.balanceOf(account) * percent) / 100;
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, (value * 100) / percent);
    }
}

/// Has a list of those with whom it does not deal.
contract DenylistToken is HonestToken {
    mapping(address account => bool) public denied;

    error Denied(address account);

    function deny(address account, bool yes) external {
        denied[account] = yes;
    }

    function _update(address from, address to, uint256 value) internal override {
        if (denied[from]) revert Denied(from);
        if (denied[to]) revert Denied(to);
        super._update(from, to, value);
    }
}

/// When it is out of order it says why in one of the ways in which tokens do: not at all.
contract FailingToken is HonestToken {
    enum Failure {
        None,
        ReturnsFalse,
        NoReason,
        AllGas,
        LongAnswer
    }
    Failure public failure;

    function fail(Failure how) external {
        failure = how;
    }

    function transfer(address to, uint256 value) public override returns (bool) {
        return _fails() ? false : super.transfer(to, value);
    }

    function transferFrom(address from, address to, uint256 value) public override returns (bool) {
        return _fails() ? false : super.transferFrom(from, to, value);
    }

    function _fails() private view returns (bool) {
        if (failure == Failure.NoReason) revert();
        if (failure == Failure.AllGas) {
            assembly ('memory-safe') {
                invalid()
            }
        }
        if (failure == Failure.LongAnswer) {
            assembly ('memory-safe') {
                revert(0, 1000000)
            }
        }
        return failure == Failure.ReturnsFalse;
    }
}

/// Says of the balances whatever it was told to say, and moves nothing.
contract LyingToken {
    mapping(address account => uint256) public balanceOf;

    function say(address account, uint256 amount) external {
        balanceOf[account] = amount;
    }

    function transfer(address, uint256) external pure returns (bool) {
        return true;
    }

    function transferFrom(address, address to, uint256 value) external returns (bool) {
        balanceOf[to] += value;
        return true;
    }
}

/// Answers with nothing, as tokens did before the answer was agreed on.
contract SilentToken {
    mapping(address account => uint256) public balanceOf;
    mapping(address account => mapping(address spender => uint256)) public allowance;

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function approve(address spender, uint256 amount) external {
        allowance[msg.sender][spender] = amount;
    }

    function transfer(address to, uint256 value) external {
        _move(msg.sender, to, value);
    }

    function transferFrom(address from, address to, uint256 value) external {
        allowance[from][msg.sender] -= value;
        _move(from, to, value);
    }

    function _move(address from, address to, uint256 value) private {
        balanceOf[from] -= value;
        balanceOf[to] += value;
    }
}

/// Calls somebody when it is moved next, as tokens with hooks do.
contract HookToken is HonestToken {
    address private target;
    bytes private data;
    bool private paused;

    event Answered(bool ok, bytes answer);

    function callWhenMoved(address to, bytes calldata what) external {
        (target, data) = (to, what);
    }

    function pause(bool yes) external {
        paused = yes;
    }

    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (paused) revert();
        if (target == address(0)) return;
        address called = target;
        target = address(0);
        (bool ok, bytes memory answer) = called.call(data);
        emit Answered(ok, answer);
    }
}
