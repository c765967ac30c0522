// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC1271} from '@openzeppelin/contracts/interfaces/IERC1271.sol';
import {ECDSA} from '@openzeppelin/contracts/utils/cryptography/ECDSA.sol';

/// An account that is a contract: it does what anybody tells it, signs as its key does, and takes money in a way of its own.
contract SmartAccount is IERC1271 {
    enum Manner {
        Takes,
        Refuses,
        BurnsAllGas,
        /// With as many bytes as it was told.
        AnswersLong,
        /// Takes it when there is as much gas as it was told.
        UsesGas
    }

    address public key;
    Manner private manner;
    uint248 private measure;
    address private target;
    /// Where code is that is what to call the target with: cheap to read, as a receiver has little gas.
    address private payload;

    /// What became of its call while it was paid.
    event Answered(bool ok, bytes answer);

    constructor(address owner) {
        key = owner;
    }

    function setKey(address owner) external {
        key = owner;
    }

    function take(Manner how, uint248 much) external {
        (manner, measure) = (how, much);
    }

    /// Whenever it is paid, it calls.
    function callWhenPaid(address to, address what) external {
        (target, payload) = (to, what);
    }

    function run(address to, uint256 value, bytes calldata what) external payable returns (bytes memory) {
        (bool ok, bytes memory result) = to.call{value: value}(what);
        if (ok) return result;
        assembly ('memory-safe') {
            revert(add(result, 32), mload(result))
        }
    }

    function isValidSignature(bytes32 digest, bytes calldata signature) external view returns (bytes4) {
        if (manner == Manner.Refuses) revert('no');
        if (manner == Manner.AnswersLong) _answerLong();
        (address signer, ECDSA.RecoverError problem, ) = ECDSA.tryRecoverCalldata(digest, signature);
        return problem == ECDSA.RecoverError.NoError && signer == key ? this.isValidSignature.selector : bytes4(0);
    }

    receive() external payable {
        uint256 start = gasleft();
        if (manner == Manner.Refuses) revert('no');
        if (manner == Manner.BurnsAllGas) {
            assembly ('memory-safe') {
                invalid()
            }
        }
        if (manner == Manner.AnswersLong) _answerLong();
        if (manner == Manner.UsesGas) while (start - gasleft() < measure) {}
        if (target == address(0)) return;
        bytes memory code = payload.code;
        (bool ok, bytes memory answer) = target.call(code);
        emit Answered(ok, answer);
    }

    function _answerLong() private view {
        uint256 length = measure;
        assembly ('memory-safe') {
            return(0, length)
        }
    }
}
