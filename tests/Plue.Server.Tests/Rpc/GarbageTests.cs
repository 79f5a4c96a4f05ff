using System.Text;
using Plue.Protocol;
using Plue.Server.Tests.Testing;

namespace Plue.Server.Tests.Rpc;

public sealed class GarbageTests
{
    private const int Rounds = 400;

    private static readonly string[] Bodies =
    [
        """{"jsonrpc":"2.0","id":"g","method":"codex/get","params":{"uri":"codex://chats/../../etc/passwd"}}""",
        """{"jsonrpc":"2.0","id":"g","method":"message/send","params":{"codexId":"codex://chats/x","text":"\ud83d\ude00"}}""",
        """{"jsonrpc":"2.0","id":"g","method":"provider/configure","params":{"id":null,"name":"ü","kind":"none"}}""",
        """{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":"g"}}""",
        """{"jsonrpc":"2.0","id":"g","result":null}""",
        """[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[""",
    ];

    [Fact]
    public async Task After_garbage_on_stdin_the_next_request_is_answered()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        await using var sidecar = await SidecarProcess.StartAsync(Directory.CreateTempSubdirectory("plue-garbage-").FullName);
        for (var round = 0; round < Rounds; round++)
        {
            var body = Mangled(Encoding.UTF8.GetBytes(Bodies[random.Next(Bodies.Length)]), random);
            await sidecar.Client.SendRawAsync([.. Encoding.ASCII.GetBytes($"Content-Length: {body.Length}\r\n\r\n"), .. body]);
            if (random.Next(4) == 0)
            {
                await sidecar.Client.SendRawAsync(Mangled("Content-Type: utf-8\r\nX: y\r\n\r\n"u8.ToArray(), random));
            }
        }

        Assert.False(sidecar.Process.HasExited, $"It died of the seed {seed}.");
        var reply = await sidecar.Client.RequestAsync(Methods.VaultStatus.Name);
        Assert.True(reply["result"] is not null, $"Seed {seed}: {reply}");
    }

    private static byte[] Mangled(byte[] bytes, Random random)
    {
        var mangled = bytes.ToList();
        for (var change = random.Next(4); change > 0 && mangled.Count > 1; change--)
        {
            var at = random.Next(mangled.Count);
            switch (random.Next(4))
            {
                case 0:
                    mangled[at] = (byte)random.Next(256);
                    break;
                case 1:
                    mangled.RemoveAt(at);
                    break;
                case 2:
                    mangled.InsertRange(at, "\\ud800"u8);
                    break;
                default:
                    mangled.RemoveRange(at, mangled.Count - at);
                    break;
            }
        }

        return [.. mangled];
    }
}
