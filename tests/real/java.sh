# A JVM program with threads that start processes, and with sockets.
cat >/tmp/Real.java <<'EOF'
import java.io.*;
import java.net.*;
import java.util.concurrent.*;

public class Real {
	static String output(String... command) throws Exception {
		Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
		String text = new String(process.getInputStream().readAllBytes()).trim();
		return text + " (" + process.waitFor() + ")";
	}

	public static void main(String[] args) throws Exception {
		ExecutorService pool = Executors.newFixedThreadPool(4);
		Future<?>[] futures = new Future<?>[16];
		for (int i = 0; i < futures.length; i++) {
			int n = i;
			futures[i] = pool.submit(() -> output("/bin/sh", "-c", "echo " + n + "; exit " + n));
		}
		for (Future<?> future : futures)
			System.out.println(future.get());
		try (ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
			Future<?> served = pool.submit(() -> {
				try (Socket socket = server.accept()) {
					socket.getOutputStream().write("served".getBytes());
				}
				return null;
			});
			try (Socket socket = new Socket()) {
				socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.getLocalPort()), 2000);
				System.out.println(new String(socket.getInputStream().readAllBytes()));
			}
			served.get();
		}
		try (DatagramSocket in = new DatagramSocket(0, InetAddress.getLoopbackAddress()); DatagramSocket out = new DatagramSocket()) {
			byte[] bytes = "datagram".getBytes();
			out.send(new DatagramPacket(bytes, bytes.length, InetAddress.getLoopbackAddress(), in.getLocalPort()));
			DatagramPacket got = new DatagramPacket(new byte[64], 64);
			in.receive(got);
			System.out.println(new String(got.getData(), 0, got.getLength()));
		}
		pool.shutdown();
		System.exit(7);
	}
}
EOF
java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto /tmp/Real.java
echo "ended with $?"
