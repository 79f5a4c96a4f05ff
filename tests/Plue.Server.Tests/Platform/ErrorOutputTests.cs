using Plue.Server.Platform;

namespace Plue.Server.Tests.Platform;

public sealed class ErrorOutputTests
{
    [Theory]
    [InlineData(
        "node:internal:1\n  throw err;\n  ^\n\nError: Cannot find module 'x'\n    at f (a.js:1:2) {\n  code: 'X'\n}\n\nNode.js v20.20.2\n",
        "Error: Cannot find module 'x'"
    )]
    [InlineData("TypeError [ERR_X]: The argument is invalid\n    at f\n\nNode.js v20.20.2", "TypeError [ERR_X]: The argument is invalid")]
    [InlineData("Traceback (most recent call last):\n  File \"a.py\", line 1\nValueError: no such port", "ValueError: no such port")]
    [InlineData(
        "Unhandled exception. System.IO.IOException: disk full\n   at Program.Main()",
        "Unhandled exception. System.IO.IOException: disk full"
    )]
    [InlineData("starting\ncannot start\n\n", "cannot start")]
    [InlineData(" \n", null)]
    public void The_line_that_names_the_error_is_the_reason(string output, string? reason) =>
        Assert.Equal(reason, ErrorOutput.ReasonIn(output));
}
